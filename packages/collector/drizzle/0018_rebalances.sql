CREATE TABLE "budget_change" (
	"tenant_id" integer NOT NULL,
	"budget_id" text NOT NULL,
	"id" uuid NOT NULL,
	"at" bigint NOT NULL,
	"by" text NOT NULL,
	"kind" text NOT NULL,
	"from_amount" bigint,
	"to_amount" bigint,
	"reason" text,
	"rebalance_id" uuid,
	CONSTRAINT "budget_change_tenant_id_budget_id_id_pk" PRIMARY KEY("tenant_id","budget_id","id")
);
--> statement-breakpoint
CREATE TABLE "budget_rebalance" (
	"tenant_id" integer NOT NULL,
	"id" uuid NOT NULL,
	"created_at" bigint NOT NULL,
	"state" text NOT NULL,
	"body" jsonb NOT NULL,
	"basis" jsonb NOT NULL,
	"amounts" jsonb,
	"applied_at" bigint,
	"applied_by" text,
	"undone_at" bigint,
	"undone_by" text,
	CONSTRAINT "budget_rebalance_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "recommendation" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"state" text NOT NULL,
	"gain" double precision NOT NULL,
	"body" jsonb NOT NULL,
	"changed_at" bigint NOT NULL,
	CONSTRAINT "recommendation_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
ALTER TABLE "budget" ADD COLUMN "minimum" bigint;--> statement-breakpoint
ALTER TABLE "budget" ADD COLUMN "maximum" bigint;--> statement-breakpoint
ALTER TABLE "budget" ADD COLUMN "weight" double precision DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "budget" ADD COLUMN "automatic" boolean DEFAULT false NOT NULL;
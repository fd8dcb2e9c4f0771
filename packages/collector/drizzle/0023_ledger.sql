CREATE TABLE "ledger" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"hour" integer NOT NULL,
	"source" text NOT NULL,
	"taken" bigint DEFAULT 0 NOT NULL,
	"sent" bigint DEFAULT 0 NOT NULL,
	"dropped" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"crashes" integer DEFAULT 0 NOT NULL,
	"stored" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "ledger_tenant_id_host_id_hour_source_pk" PRIMARY KEY("tenant_id","host_id","hour","source")
);
--> statement-breakpoint
CREATE TABLE "ledger_source" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"source" text NOT NULL,
	"through" bigint NOT NULL,
	CONSTRAINT "ledger_source_tenant_id_host_id_source_pk" PRIMARY KEY("tenant_id","host_id","source")
);
--> statement-breakpoint
-- Not in schema.ts, as its table. Null for what no agent sent: it is in nobody's account.
ALTER TABLE "batch" ADD COLUMN "samples" integer;

CREATE TABLE "missed_incident" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"rule_id" text NOT NULL,
	"from" bigint NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "missed_incident_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "threshold_proposal" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"state" text NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "threshold_proposal_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE INDEX "missed_incident_time" ON "missed_incident" USING btree ("tenant_id","from");--> statement-breakpoint
CREATE INDEX "threshold_proposal_time" ON "threshold_proposal" USING btree ("tenant_id","created_at");
CREATE TABLE "alert_decision" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"at" bigint NOT NULL,
	"incident_id" text NOT NULL,
	"kind" text NOT NULL,
	"told" boolean NOT NULL,
	"reason" text NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "alert_decision_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "alert_policy" (
	"tenant_id" integer NOT NULL,
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "alert_policy_tenant_id_kind_id_pk" PRIMARY KEY("tenant_id","kind","id")
);
--> statement-breakpoint
CREATE TABLE "incident" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"status" text NOT NULL,
	"opened_at" bigint NOT NULL,
	"resolved_at" bigint,
	"priority" double precision NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "incident_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "incident_entry" (
	"tenant_id" integer NOT NULL,
	"incident_id" text NOT NULL,
	"number" integer NOT NULL,
	"at" bigint NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "incident_entry_tenant_id_incident_id_number_pk" PRIMARY KEY("tenant_id","incident_id","number")
);
--> statement-breakpoint
ALTER TABLE "alert" ADD COLUMN "incident_id" text;--> statement-breakpoint
ALTER TABLE "alert" ADD COLUMN "decided" text;--> statement-breakpoint
ALTER TABLE "alert" ADD COLUMN "told" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "notification" ADD COLUMN "incident_id" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "notification" ADD COLUMN "number" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "alert_decision_time" ON "alert_decision" USING btree ("tenant_id","at");--> statement-breakpoint
CREATE INDEX "alert_decision_incident" ON "alert_decision" USING btree ("tenant_id","incident_id");--> statement-breakpoint
CREATE INDEX "incident_time" ON "incident" USING btree ("tenant_id","opened_at");--> statement-breakpoint
CREATE INDEX "incident_open" ON "incident" USING btree ("tenant_id") WHERE status = 'open';--> statement-breakpoint
CREATE INDEX "alert_incident" ON "alert" USING btree ("tenant_id","incident_id");--> statement-breakpoint
CREATE INDEX "alert_undecided" ON "alert" USING btree ("tenant_id") WHERE state <> 'pending' and decided is distinct from state;--> statement-breakpoint
CREATE INDEX "notification_incident" ON "notification" USING btree ("tenant_id","incident_id");--> statement-breakpoint
CREATE INDEX "notification_time" ON "notification" USING btree ("tenant_id","created_at");--> statement-breakpoint
-- Alerts of before were told of one by one: nothing more is told of them but through what happens next.
UPDATE "alert" SET "decided" = "state", "told" = true WHERE "state" = 'resolved';--> statement-breakpoint
UPDATE "notification" SET "due_at" = NULL, "error" = 'made by an older version' WHERE "due_at" IS NOT NULL;

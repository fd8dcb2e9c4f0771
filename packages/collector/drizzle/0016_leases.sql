CREATE TABLE "lease" (
	"tenant_id" integer NOT NULL,
	"duty" text NOT NULL,
	"holder" text NOT NULL,
	"term" integer NOT NULL,
	"expires_at" bigint NOT NULL,
	CONSTRAINT "lease_tenant_id_duty_pk" PRIMARY KEY("tenant_id","duty")
);
--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "incidents_days" integer;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "notifications_days" integer;
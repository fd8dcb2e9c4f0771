CREATE TABLE "deletion" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"transaction" bigint NOT NULL,
	CONSTRAINT "deletion_tenant_id_host_id_pk" PRIMARY KEY("tenant_id","host_id")
);
--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "series_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "series_version" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "max_series" integer;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "samples_days" integer;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "minutes_days" integer;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "hours_days" integer;--> statement-breakpoint
UPDATE "tenant" SET "series_count" = (SELECT count(*) FROM "series" WHERE "series"."tenant_id" = "tenant"."tenant_id");

-- What is there was written by collectors of version 5.
ALTER TABLE "detector_state" ADD COLUMN "version" integer DEFAULT 5 NOT NULL;
--> statement-breakpoint
ALTER TABLE "detector_state" ALTER COLUMN "version" DROP DEFAULT;
--> statement-breakpoint
ALTER TABLE "detector_state" DROP CONSTRAINT "detector_state_tenant_id_host_id_lane_pk";
--> statement-breakpoint
ALTER TABLE "detector_state" ADD CONSTRAINT "detector_state_tenant_id_host_id_lane_version_pk" PRIMARY KEY("tenant_id","host_id","lane","version");

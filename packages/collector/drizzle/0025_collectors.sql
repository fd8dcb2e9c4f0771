CREATE TABLE "collector" (
	"holder" text PRIMARY KEY NOT NULL,
	"url" text,
	"expires_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "learnt_state" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"lane" integer NOT NULL,
	"version" integer NOT NULL,
	"body" "bytea" NOT NULL,
	"saved_at" bigint NOT NULL,
	CONSTRAINT "learnt_state_tenant_id_host_id_lane_version_pk" PRIMARY KEY("tenant_id","host_id","lane","version")
);

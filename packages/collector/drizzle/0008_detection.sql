CREATE TABLE "anomaly_feedback" (
	"tenant_id" integer NOT NULL,
	"event_id" text NOT NULL,
	"host" text NOT NULL,
	"at" bigint NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "anomaly_feedback_tenant_id_event_id_pk" PRIMARY KEY("tenant_id","event_id")
);
--> statement-breakpoint
CREATE TABLE "detection_settings" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "detection_settings_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "detector_state" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"lane" integer NOT NULL,
	"body" "bytea" NOT NULL,
	"saved_at" bigint NOT NULL,
	CONSTRAINT "detector_state_tenant_id_host_id_lane_pk" PRIMARY KEY("tenant_id","host_id","lane")
);

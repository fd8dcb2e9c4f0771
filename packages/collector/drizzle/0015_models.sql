CREATE TABLE "model" (
	"tenant_id" integer NOT NULL,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"kind" text NOT NULL,
	"body" jsonb NOT NULL,
	"data" "bytea" NOT NULL,
	"created_at" bigint NOT NULL,
	"job_id" uuid NOT NULL,
	"promoted_at" bigint,
	"is_promoted" boolean DEFAULT false NOT NULL,
	CONSTRAINT "model_tenant_id_name_version_pk" PRIMARY KEY("tenant_id","name","version")
);

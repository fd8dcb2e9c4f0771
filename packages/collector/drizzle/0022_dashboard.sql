CREATE TABLE "dashboard" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "dashboard_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);

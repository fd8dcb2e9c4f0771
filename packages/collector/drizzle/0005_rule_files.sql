CREATE TABLE "rule_file" (
	"tenant_id" integer NOT NULL,
	"name" text NOT NULL,
	"body" text NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "rule_file_tenant_id_name_pk" PRIMARY KEY("tenant_id","name")
);
--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "query_samples" integer;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "query_series" integer;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "query_timeout_ms" integer;
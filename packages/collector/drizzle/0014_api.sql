CREATE TABLE "audit" (
	"tenant_id" integer NOT NULL,
	"number" integer NOT NULL,
	"at" bigint NOT NULL,
	"body" text NOT NULL,
	"hash" "bytea" NOT NULL,
	CONSTRAINT "audit_tenant_id_number_pk" PRIMARY KEY("tenant_id","number")
);
--> statement-breakpoint
CREATE TABLE "cors_origin" (
	"tenant_id" integer NOT NULL,
	"origin" text NOT NULL,
	CONSTRAINT "cors_origin_tenant_id_origin_pk" PRIMARY KEY("tenant_id","origin")
);
--> statement-breakpoint
CREATE TABLE "idempotency_key" (
	"tenant_id" integer NOT NULL,
	"hash" "bytea" NOT NULL,
	"request" "bytea" NOT NULL,
	"created_at" bigint NOT NULL,
	"status" integer,
	"body" text,
	CONSTRAINT "idempotency_key_tenant_id_hash_pk" PRIMARY KEY("tenant_id","hash")
);
--> statement-breakpoint
CREATE TABLE "limit_bucket" (
	"tenant_id" integer NOT NULL,
	"name" text NOT NULL,
	"key" text NOT NULL,
	"tokens" double precision NOT NULL,
	"taken" double precision NOT NULL,
	"at" bigint NOT NULL,
	CONSTRAINT "limit_bucket_tenant_id_name_key_pk" PRIMARY KEY("tenant_id","name","key")
);
--> statement-breakpoint
CREATE TABLE "tenant_limit" (
	"tenant_id" integer NOT NULL,
	"name" text NOT NULL,
	"key" text DEFAULT '' NOT NULL,
	"value" double precision NOT NULL,
	CONSTRAINT "tenant_limit_tenant_id_name_key_pk" PRIMARY KEY("tenant_id","name","key")
);
--> statement-breakpoint
CREATE TABLE "usage" (
	"tenant_id" integer NOT NULL,
	"day" integer NOT NULL,
	"host" text NOT NULL,
	"what" text NOT NULL,
	"amount" double precision NOT NULL,
	CONSTRAINT "usage_tenant_id_day_host_what_pk" PRIMARY KEY("tenant_id","day","host","what")
);
--> statement-breakpoint
CREATE INDEX "audit_time" ON "audit" USING btree ("tenant_id","at");--> statement-breakpoint
CREATE INDEX "idempotency_key_time" ON "idempotency_key" USING btree ("tenant_id","created_at");
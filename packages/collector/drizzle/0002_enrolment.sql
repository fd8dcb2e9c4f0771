CREATE TABLE "enrol_token" (
	"tenant_id" integer NOT NULL,
	"hash" "bytea" NOT NULL,
	"name" text NOT NULL,
	"created_at" bigint NOT NULL,
	"expires_at" bigint NOT NULL,
	"uses_left" integer NOT NULL,
	"used_by" text,
	CONSTRAINT "enrol_token_tenant_id_hash_pk" PRIMARY KEY("tenant_id","hash")
);
--> statement-breakpoint
CREATE TABLE "enrolled_host" (
	"tenant_id" integer NOT NULL,
	"host" text NOT NULL,
	"identity" jsonb NOT NULL,
	"enrolled_at" bigint NOT NULL,
	CONSTRAINT "enrolled_host_tenant_id_host_pk" PRIMARY KEY("tenant_id","host")
);
--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "host" text;--> statement-breakpoint
ALTER TABLE "api_key" ADD COLUMN "revoked_at" bigint;--> statement-breakpoint
CREATE INDEX "enrol_token_hash" ON "enrol_token" USING btree ("hash");
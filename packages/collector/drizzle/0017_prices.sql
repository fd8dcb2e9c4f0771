CREATE TABLE "price_table" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "price_table_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);

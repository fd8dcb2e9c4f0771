CREATE TABLE "anomaly_canary" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"host" text NOT NULL,
	"at" bigint NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "anomaly_canary_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE INDEX "anomaly_canary_time" ON "anomaly_canary" USING btree ("tenant_id","at");
-- Not in schema.ts: partitions and column storage are beyond what it can say.
-- t0 is before epoch and seq in the key, so that the key also serves reads by time. It has to be in the key at all
-- because the table is partitioned by it; a batch sent again has the same t0.
CREATE TABLE "batch" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"t0" bigint NOT NULL,
	"epoch" bigint NOT NULL,
	"seq" integer NOT NULL,
	"t1" bigint NOT NULL,
	"rows" integer NOT NULL,
	"schema_hash" bytea NOT NULL,
	"payload" bytea NOT NULL,
	CONSTRAINT "batch_pk" PRIMARY KEY("tenant_id","host_id","t0","epoch","seq")
) PARTITION BY RANGE ("t0");
--> statement-breakpoint
-- Payloads are compressed already: trying again costs CPU and saves nothing.
ALTER TABLE "batch" ALTER COLUMN "payload" SET STORAGE EXTERNAL;
--> statement-breakpoint
-- What falls into no day's partition is kept all the same.
CREATE TABLE "batch_default" PARTITION OF "batch" DEFAULT;

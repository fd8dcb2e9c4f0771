-- Not in schema.ts: partitions and column storage are beyond what it can say.
-- A host's samples of one hour, once they are cold: one row, in which each series is a chunk of its own that can be
-- read alone: bytes offsets[i] to offsets[i + 1] of data are the chunk of series_ids[i]. hour is the end of the hour,
-- Unix ms; it holds the samples after hour - 3,600,000, up to and including hour.
CREATE TABLE "block" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"hour" bigint NOT NULL,
	"rows" integer NOT NULL,
	"head" bytea NOT NULL,
	"series_ids" integer[] NOT NULL,
	"offsets" integer[] NOT NULL,
	"data" bytea NOT NULL,
	CONSTRAINT "block_pk" PRIMARY KEY("tenant_id","host_id","hour")
) PARTITION BY RANGE ("hour");
--> statement-breakpoint
-- Some minutes of a block that is not made yet, or that came late.
CREATE TABLE "segment" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"hour" bigint NOT NULL,
	"part" integer NOT NULL,
	"created_at" bigint NOT NULL,
	"t0" bigint NOT NULL,
	"t1" bigint NOT NULL,
	"rows" integer NOT NULL,
	"schema_hash" bytea NOT NULL,
	"head" bytea NOT NULL,
	"series_ids" integer[] NOT NULL,
	"offsets" integer[] NOT NULL,
	"data" bytea NOT NULL,
	CONSTRAINT "segment_pk" PRIMARY KEY("tenant_id","host_id","hour","part")
) PARTITION BY RANGE ("hour");
--> statement-breakpoint
-- A host's rollups by minute of one hour, and by hour of one day; "until" is the end of it.
CREATE TABLE "rollup_minute" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"until" bigint NOT NULL,
	"head" bytea NOT NULL,
	"series_ids" integer[] NOT NULL,
	"offsets" integer[] NOT NULL,
	"data" bytea NOT NULL,
	CONSTRAINT "rollup_minute_pk" PRIMARY KEY("tenant_id","host_id","until")
) PARTITION BY RANGE ("until");
--> statement-breakpoint
CREATE TABLE "rollup_hour" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"until" bigint NOT NULL,
	"head" bytea NOT NULL,
	"series_ids" integer[] NOT NULL,
	"offsets" integer[] NOT NULL,
	"data" bytea NOT NULL,
	CONSTRAINT "rollup_hour_pk" PRIMARY KEY("tenant_id","host_id","until")
) PARTITION BY RANGE ("until");
--> statement-breakpoint
-- Coded already; and only uncompressed columns can be read in part.
ALTER TABLE "block" ALTER COLUMN "data" SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE "segment" ALTER COLUMN "data" SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE "rollup_minute" ALTER COLUMN "data" SET STORAGE EXTERNAL;
--> statement-breakpoint
ALTER TABLE "rollup_hour" ALTER COLUMN "data" SET STORAGE EXTERNAL;
--> statement-breakpoint
CREATE TABLE "block_default" PARTITION OF "block" DEFAULT;
--> statement-breakpoint
CREATE TABLE "segment_default" PARTITION OF "segment" DEFAULT;
--> statement-breakpoint
CREATE TABLE "rollup_minute_default" PARTITION OF "rollup_minute" DEFAULT;
--> statement-breakpoint
CREATE TABLE "rollup_hour_default" PARTITION OF "rollup_hour" DEFAULT;

CREATE TABLE "budget" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"target" text NOT NULL,
	"period" text NOT NULL,
	"amount" bigint NOT NULL,
	"updated_at" bigint NOT NULL,
	CONSTRAINT "budget_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "job" (
	"tenant_id" integer NOT NULL,
	"id" uuid NOT NULL,
	"type" text NOT NULL,
	"state" text NOT NULL,
	"priority" smallint NOT NULL,
	"payload" jsonb NOT NULL,
	"submitted_by" text NOT NULL,
	"created_at" bigint NOT NULL,
	"due_at" bigint,
	"started_at" bigint,
	"finished_at" bigint,
	"attempt" smallint DEFAULT 0 NOT NULL,
	"max_attempts" smallint NOT NULL,
	"timeout_ms" integer NOT NULL,
	"fence" integer DEFAULT 0 NOT NULL,
	"worker" uuid,
	"lease_until" timestamp with time zone,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"base_ms" integer NOT NULL,
	"estimate_ms" integer NOT NULL,
	"estimate_cost" bigint NOT NULL,
	"expected_start" bigint,
	"reserved" bigint NOT NULL,
	"metered_ms" bigint DEFAULT 0 NOT NULL,
	"cost" bigint DEFAULT 0 NOT NULL,
	"progress" jsonb,
	"result" jsonb,
	"error" jsonb,
	"blocked_by" integer DEFAULT 0 NOT NULL,
	"has_dependents" boolean DEFAULT false NOT NULL,
	"schedule_id" text,
	CONSTRAINT "job_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "job_dependency" (
	"tenant_id" integer NOT NULL,
	"on_id" uuid NOT NULL,
	"job_id" uuid NOT NULL,
	CONSTRAINT "job_dependency_tenant_id_on_id_job_id_pk" PRIMARY KEY("tenant_id","on_id","job_id")
);
--> statement-breakpoint
CREATE TABLE "job_event" (
	"tenant_id" integer NOT NULL,
	"job_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"at" bigint NOT NULL,
	"kind" text NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "job_event_tenant_id_job_id_number_pk" PRIMARY KEY("tenant_id","job_id","number")
);
--> statement-breakpoint
CREATE TABLE "job_key" (
	"tenant_id" integer NOT NULL,
	"key" text NOT NULL,
	"job_id" uuid NOT NULL,
	"digest" text NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "job_key_tenant_id_key_pk" PRIMARY KEY("tenant_id","key")
);
--> statement-breakpoint
CREATE TABLE "job_lane" (
	"tenant_id" integer NOT NULL,
	"type" text NOT NULL,
	"weight" double precision DEFAULT 1 NOT NULL,
	"max_running" integer,
	"paused" boolean DEFAULT false NOT NULL,
	"start_tag" double precision DEFAULT 0 NOT NULL,
	"finish_tag" double precision DEFAULT 0 NOT NULL,
	CONSTRAINT "job_lane_tenant_id_type_pk" PRIMARY KEY("tenant_id","type")
);
--> statement-breakpoint
CREATE TABLE "job_schedule" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"next_at" bigint,
	"last_at" bigint,
	"last_job" uuid,
	"created_at" bigint NOT NULL,
	CONSTRAINT "job_schedule_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "job_usage" (
	"tenant_id" integer NOT NULL,
	"day" date NOT NULL,
	"type" text NOT NULL,
	"runs" bigint NOT NULL,
	"base_ms" bigint NOT NULL,
	"estimate_ms" bigint NOT NULL,
	"metered_ms" bigint NOT NULL,
	"cost" bigint NOT NULL,
	CONSTRAINT "job_usage_tenant_id_day_type_pk" PRIMARY KEY("tenant_id","day","type")
);
--> statement-breakpoint
CREATE TABLE "job_worker" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"started_at" bigint NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	"threads" integer NOT NULL,
	"inline" integer NOT NULL,
	"running" integer NOT NULL,
	"types" text[] NOT NULL
);
--> statement-breakpoint
CREATE INDEX "job_waiting" ON "job" USING btree ("tenant_id","type","priority" DESC NULLS LAST,"id") WHERE state = 'waiting';--> statement-breakpoint
CREATE INDEX "job_running" ON "job" USING btree ("tenant_id","type") WHERE state = 'running';--> statement-breakpoint
CREATE INDEX "job_delayed" ON "job" USING btree ("due_at") WHERE state = 'delayed';--> statement-breakpoint
CREATE INDEX "job_failed" ON "job" USING btree ("tenant_id","id") WHERE state = 'failed';--> statement-breakpoint
CREATE INDEX "job_schedule_due" ON "job_schedule" USING btree ("next_at") WHERE next_at is not null;--> statement-breakpoint
-- Every job's row changes at least twice: left to the defaults, what is left behind would be looked at again and again.
ALTER TABLE "job" SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

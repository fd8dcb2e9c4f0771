CREATE TABLE "alert" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"state" text NOT NULL,
	"since" bigint NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "alert_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "anomaly" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"host" text NOT NULL,
	"start" bigint NOT NULL,
	"end" bigint,
	"peak_score" double precision NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "anomaly_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "api_key" (
	"tenant_id" integer NOT NULL,
	"hash" "bytea" NOT NULL,
	"name" text NOT NULL,
	"scope" text NOT NULL,
	"last_four" text NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "api_key_tenant_id_hash_pk" PRIMARY KEY("tenant_id","hash")
);
--> statement-breakpoint
CREATE TABLE "channel" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"enabled" boolean DEFAULT true NOT NULL,
	CONSTRAINT "channel_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "host" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"name" text NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "host_tenant_id_host_id_pk" PRIMARY KEY("tenant_id","host_id")
);
--> statement-breakpoint
CREATE TABLE "host_schema" (
	"tenant_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"hash" "bytea" NOT NULL,
	"body" "bytea" NOT NULL,
	"series_ids" integer[] NOT NULL,
	CONSTRAINT "host_schema_tenant_id_host_id_hash_pk" PRIMARY KEY("tenant_id","host_id","hash")
);
--> statement-breakpoint
CREATE TABLE "notification" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"channel_id" text NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"due_at" bigint,
	"sent_at" bigint,
	"error" text,
	CONSTRAINT "notification_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "rule" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" bigint NOT NULL,
	CONSTRAINT "rule_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "series" (
	"tenant_id" integer NOT NULL,
	"series_id" integer NOT NULL,
	"host_id" integer NOT NULL,
	"name" text NOT NULL,
	"labels" jsonb NOT NULL,
	"signature_hash" "bytea" NOT NULL,
	"kind" text NOT NULL,
	"unit" text NOT NULL,
	CONSTRAINT "series_tenant_id_series_id_pk" PRIMARY KEY("tenant_id","series_id")
);
--> statement-breakpoint
CREATE TABLE "session" (
	"tenant_id" integer NOT NULL,
	"hash" "bytea" NOT NULL,
	"expires_at" bigint NOT NULL,
	CONSTRAINT "session_tenant_id_hash_pk" PRIMARY KEY("tenant_id","hash")
);
--> statement-breakpoint
CREATE TABLE "sign_in_code" (
	"tenant_id" integer NOT NULL,
	"hash" "bytea" NOT NULL,
	"expires_at" bigint NOT NULL,
	CONSTRAINT "sign_in_code_tenant_id_hash_pk" PRIMARY KEY("tenant_id","hash")
);
--> statement-breakpoint
CREATE TABLE "tenant" (
	"tenant_id" integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "tenant_tenant_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"next_host_id" integer DEFAULT 1 NOT NULL,
	"next_series_id" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "tenant_name_unique" UNIQUE("name")
);
--> statement-breakpoint
CREATE INDEX "alert_open" ON "alert" USING btree ("tenant_id","state","since");--> statement-breakpoint
CREATE INDEX "anomaly_time" ON "anomaly" USING btree ("tenant_id","start");--> statement-breakpoint
CREATE INDEX "api_key_hash" ON "api_key" USING btree ("hash");--> statement-breakpoint
CREATE UNIQUE INDEX "host_name" ON "host" USING btree ("tenant_id","name");--> statement-breakpoint
CREATE INDEX "notification_due" ON "notification" USING btree ("due_at") WHERE due_at is not null;--> statement-breakpoint
CREATE UNIQUE INDEX "series_signature" ON "series" USING btree ("tenant_id","host_id","signature_hash");--> statement-breakpoint
CREATE INDEX "series_name" ON "series" USING btree ("tenant_id","name");
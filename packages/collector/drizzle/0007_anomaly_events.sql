CREATE TABLE "anomaly_event" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"host" text NOT NULL,
	"start" bigint NOT NULL,
	"end" bigint,
	"peak_surprise" double precision NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "anomaly_event_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE INDEX "anomaly_event_time" ON "anomaly_event" USING btree ("tenant_id","start");--> statement-breakpoint
CREATE INDEX "anomaly_event_open" ON "anomaly_event" USING btree ("tenant_id") WHERE "end" is null;
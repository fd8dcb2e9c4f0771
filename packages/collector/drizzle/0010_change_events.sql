CREATE TABLE "change_event" (
	"tenant_id" integer NOT NULL,
	"id" text NOT NULL,
	"at" bigint NOT NULL,
	"until" bigint NOT NULL,
	"kind" text NOT NULL,
	"host" text NOT NULL,
	"body" jsonb NOT NULL,
	CONSTRAINT "change_event_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "signing_key" (
	"name" text PRIMARY KEY NOT NULL,
	"secret" text NOT NULL,
	"created_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE INDEX "change_event_time" ON "change_event" USING btree ("tenant_id","at");
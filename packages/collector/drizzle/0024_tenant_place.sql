CREATE TABLE "closed_tenant" (
	"tenant_id" integer PRIMARY KEY NOT NULL,
	"closed_at" bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE "move_log" (
	"tenant_id" integer NOT NULL,
	"id" uuid DEFAULT gen_random_uuid() NOT NULL,
	"table" text NOT NULL,
	"key" text[] NOT NULL,
	CONSTRAINT "move_log_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "tenant_place" (
	"tenant_id" integer PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"database" text NOT NULL,
	"step" text,
	"other" text,
	"moves" integer DEFAULT 0 NOT NULL,
	"changed_at" bigint DEFAULT 0 NOT NULL
);

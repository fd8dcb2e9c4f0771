CREATE TABLE "rule_board" (
	"tenant_id" integer PRIMARY KEY NOT NULL,
	"body" jsonb NOT NULL,
	"saved_at" bigint NOT NULL
);

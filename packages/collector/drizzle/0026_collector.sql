CREATE TABLE "collector" (
	"holder" text PRIMARY KEY NOT NULL,
	"url" text,
	"expires_at" bigint NOT NULL
);

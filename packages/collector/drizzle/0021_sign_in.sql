ALTER TABLE "identity_provider" DISABLE ROW LEVEL SECURITY;--> statement-breakpoint
DROP TABLE "identity_provider" CASCADE;--> statement-breakpoint
ALTER TABLE "tenant" ALTER COLUMN "tier" SET DEFAULT 'enterprise';--> statement-breakpoint
ALTER TABLE "account" ADD COLUMN "totp_pending" text;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "created_at" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "last_used_at" bigint;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "factor" text DEFAULT 'password' NOT NULL;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "agent" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "session" ADD COLUMN "address" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "suspended_at" bigint;--> statement-breakpoint
ALTER TABLE "tenant" ADD COLUMN "require_totp" boolean DEFAULT false NOT NULL;--> statement-breakpoint
CREATE INDEX "session_account" ON "session" USING btree ("tenant_id","account_id");
--> statement-breakpoint
UPDATE "tenant" SET "tier" = 'enterprise';

package sqlstore

import "anteroom/internal/entitlement"

// idempotencyKeys stores what was answered to requests that carried an Idempotency-Key.
var idempotencyKeys = build(entity[entitlement.IdempotencyKey]{
	table: "idempotency_key",
	meta:  (*entitlement.IdempotencyKey).Meta,
	fields: []field[entitlement.IdempotencyKey]{
		seldom(id("request", func(o *entitlement.IdempotencyKey) *entitlement.ID { return &o.RequestID }, "request/id")),
	},
})

package modelstore

import "anteroom/internal/entitlement"

// idempotencyKeys are what was answered to requests that carried an Idempotency-Key.
var idempotencyKeys = describe(entity[entitlement.IdempotencyKey]{
	meta: (*entitlement.IdempotencyKey).Meta,
	fields: []field[entitlement.IdempotencyKey]{
		id(func(o *entitlement.IdempotencyKey) entitlement.ID { return o.RequestID }, "request/id"),
	},
})

package modelstore

import "anteroom/internal/entitlement"

// approvers say who is asked to approve which request.
var approvers = describe(entity[entitlement.Approver]{
	meta: (*entitlement.Approver).Meta,
	fields: []field[entitlement.Approver]{
		id(func(o *entitlement.Approver) entitlement.ID { return o.RequestID }, "request/id"),
		id(func(o *entitlement.Approver) entitlement.ID { return o.PersonID }, "person/id"),
	},
})

package sqlstore

import "anteroom/internal/entitlement"

// approvers stores who is asked to approve which request.
var approvers = build(entity[entitlement.Approver]{
	table: "approver",
	meta:  (*entitlement.Approver).Meta,
	fields: []field[entitlement.Approver]{
		seldom(id("request", func(o *entitlement.Approver) *entitlement.ID { return &o.RequestID }, "request/id")),
		seldom(id("person", func(o *entitlement.Approver) *entitlement.ID { return &o.PersonID }, "person/id")),
	},
})

package sqlstore

import "anteroom/internal/entitlement"

// memberships stores who is a member of which group.
var memberships = build(entity[entitlement.Membership]{
	table: "membership",
	meta:  (*entitlement.Membership).Meta,
	fields: []field[entitlement.Membership]{
		seldom(id("group_id", func(o *entitlement.Membership) *entitlement.ID { return &o.GroupID }, "group/id")),
		seldom(id("member", func(o *entitlement.Membership) *entitlement.ID { return &o.MemberID }, "member/id")),
	},
})

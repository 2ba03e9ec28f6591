package sqlstore

import "anteroom/internal/entitlement"

// grants stores which assignment gives which membership.
var grants = build(entity[entitlement.Grant]{
	table: "role_grant",
	meta:  (*entitlement.Grant).Meta,
	fields: []field[entitlement.Grant]{
		seldom(id("assignment", func(o *entitlement.Grant) *entitlement.ID { return &o.AssignmentID }, "assignment/id")),
		seldom(id("role_scope", func(o *entitlement.Grant) *entitlement.ID { return &o.RoleScopeID }, "roleScope/id")),
		seldom(id("group_id", func(o *entitlement.Grant) *entitlement.ID { return &o.GroupID }, "group/id")),
		seldom(id("member", func(o *entitlement.Grant) *entitlement.ID { return &o.MemberID }, "member/id")),
	},
})

package modelstore

import "anteroom/internal/entitlement"

// memberships say who is a member of which group, once each.
var memberships = describe(entity[entitlement.Membership]{
	meta: (*entitlement.Membership).Meta,
	fields: []field[entitlement.Membership]{
		id(func(o *entitlement.Membership) entitlement.ID { return o.GroupID }, "group/id"),
		id(func(o *entitlement.Membership) entitlement.ID { return o.MemberID }, "member/id"),
	},
	unique: []func(*entitlement.Membership) (string, bool){
		func(o *entitlement.Membership) (string, bool) { return join(o.GroupID, o.MemberID) },
	},
})

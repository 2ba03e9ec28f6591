package modelstore

import "anteroom/internal/entitlement"

// grants say which assignment gives which membership, once for each resource role scope.
var grants = describe(entity[entitlement.Grant]{
	meta: (*entitlement.Grant).Meta,
	fields: []field[entitlement.Grant]{
		id(func(o *entitlement.Grant) entitlement.ID { return o.AssignmentID }, "assignment/id"),
		id(func(o *entitlement.Grant) entitlement.ID { return o.RoleScopeID }, "roleScope/id"),
		id(func(o *entitlement.Grant) entitlement.ID { return o.GroupID }, "group/id"),
		id(func(o *entitlement.Grant) entitlement.ID { return o.MemberID }, "member/id"),
	},
	unique: []func(*entitlement.Grant) (string, bool){
		func(o *entitlement.Grant) (string, bool) { return join(o.AssignmentID, o.RoleScopeID) },
	},
})

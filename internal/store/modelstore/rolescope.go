package modelstore

import "anteroom/internal/entitlement"

// roleScopes are the resource roles of packages.
var roleScopes = describe(entity[entitlement.RoleScope]{
	meta: (*entitlement.RoleScope).Meta,
	fields: []field[entitlement.RoleScope]{
		id(func(o *entitlement.RoleScope) entitlement.ID { return o.PackageID }, "accessPackage/id"),
		id(func(o *entitlement.RoleScope) entitlement.ID { return o.ResourceID }, "resource/id"),
	},
})

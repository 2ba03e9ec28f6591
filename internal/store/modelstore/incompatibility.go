package modelstore

import "anteroom/internal/entitlement"

// incompatibilities say which package excludes what.
var incompatibilities = describe(entity[entitlement.Incompatibility]{
	meta: (*entitlement.Incompatibility).Meta,
	fields: []field[entitlement.Incompatibility]{
		id(func(o *entitlement.Incompatibility) entitlement.ID { return o.PackageID }, "accessPackage/id"),
		id(func(o *entitlement.Incompatibility) entitlement.ID { return o.OtherPackageID }, "incompatibleAccessPackage/id"),
		id(func(o *entitlement.Incompatibility) entitlement.ID { return o.GroupID }, "incompatibleGroup/id"),
	},
})

package sqlstore

import "anteroom/internal/entitlement"

// incompatibilities stores which package excludes what.
var incompatibilities = build(entity[entitlement.Incompatibility]{
	table: "incompatibility", keeps: true,
	meta: (*entitlement.Incompatibility).Meta,
	fields: []field[entitlement.Incompatibility]{
		seldom(id("package", func(o *entitlement.Incompatibility) *entitlement.ID { return &o.PackageID }, "accessPackage/id")),
		seldom(id("other", func(o *entitlement.Incompatibility) *entitlement.ID { return &o.OtherPackageID }, "incompatibleAccessPackage/id")),
		seldom(id("group_id", func(o *entitlement.Incompatibility) *entitlement.ID { return &o.GroupID }, "incompatibleGroup/id")),
	},
})

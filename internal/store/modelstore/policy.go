package modelstore

import "anteroom/internal/entitlement"

// policies are assignment policies. A package has at most one automatic one.
var policies = describe(entity[entitlement.Policy]{
	meta: (*entitlement.Policy).Meta,
	fields: []field[entitlement.Policy]{
		id(func(o *entitlement.Policy) entitlement.ID { return o.PackageID }, "accessPackage/id"),
		id(func(o *entitlement.Policy) entitlement.ID { return o.CatalogID }, "catalog/id"),
		name(func(o *entitlement.Policy) string { return o.DisplayName }, "displayName"),
		id((*entitlement.Policy).AutomaticPackageID, "automatic/accessPackage/id"),
		flag(func(o *entitlement.Policy) bool { return o.AutomaticPackageID() != "" }, "isAutomatic"),
	},
	unique: []func(*entitlement.Policy) (string, bool){
		func(o *entitlement.Policy) (string, bool) { return join(o.AutomaticPackageID()) },
	},
})

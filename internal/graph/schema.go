package graph

import "anteroom/internal/entitlement"

// schema holds the tables of all entities that are served. They are described in the
// file of their noun; a table may point to any other.
type schema struct {
	catalog         entityType[entitlement.Catalog]
	pkg             entityType[entitlement.Package]
	policy          entityType[entitlement.Policy]
	question        entityType[question]
	stageSetting    entityType[entitlement.StageSetting]
	extension       entityType[entitlement.Extension]
	resource        entityType[entitlement.Resource]
	role            entityType[entitlement.ResourceRole]
	scope           entityType[entitlement.ResourceScope]
	roleScope       entityType[entitlement.RoleScope]
	resourceRequest entityType[entitlement.ResourceRequest]
	request         entityType[entitlement.Request]
	assignment      entityType[entitlement.Assignment]
	approval        entityType[entitlement.Request]
	approvalStage   entityType[review]
	subject         entityType[entitlement.Subject]
	user            entityType[entitlement.User]
	group           entityType[entitlement.Group]
	member          entityType[entitlement.User] // a user as a directoryObject
	anyGroup        entityType[entitlement.Group]
	principal       entityType[entitlement.ServicePrincipal]
	anyPrincipal    entityType[entitlement.ServicePrincipal] // as a directoryObject
	record          entityType[entitlement.Record]
	audit           entityType[entitlement.Record]
	organization    entityType[entitlement.ConnectedOrganization]
	sponsor         entityType[entitlement.User] // a user as a directoryObject
	settings        entityType[entitlement.Settings]
	endUserSettings entityType[entitlement.Settings]
}

func newSchema() *schema {
	s := new(schema)
	for _, describe := range []func(){
		s.describeCatalog, s.describePackage, s.describePolicy, s.describeExtension, s.describeResource,
		s.describeRoleScope, s.describeResourceRequest, s.describeRequest, s.describeAssignment, s.describeApproval,
		s.describeSubject, s.describeUser, s.describePrincipal, s.describeGroup, s.describeHistory, s.describeAudit,
		s.describeOrganization, s.describeSettings,
	} {
		describe()
	}
	return s
}

package graph

import (
	"slices"

	"anteroom/internal/engine"
	"anteroom/internal/entitlement"
)

// surface lists everything that is served. surface.golden is printed from it and from
// the tables of the entities: read its difference first when something changes here.
func (s *Server) surface() []route {
	t := s.schema
	return slices.Concat(
		under("/v1.0/identityGovernance/entitlementManagement",
			at("catalogs", list(listOf[entitlement.Catalog]{&t.catalog, catalogs, nil}), post(s.createCatalog)),
			at("catalogs/{catalog}", get(oneOf(&t.catalog, catalogs, "catalog")), patch(s.updateCatalog), remove(s.deleteCatalog)),
			at("catalogs/{catalog}/accessPackages", list(listOf[entitlement.Package]{&t.pkg, packages, within("catalog/id", inCatalog)})),
			at("catalogs/{catalog}/resources", list(listOf[entitlement.Resource]{&t.resource, resources, within("catalog/id", inCatalog)})),
			at("catalogs/{catalog}/resources/{resource}", get(contained(&t.resource, resources, "resource", func(r *entitlement.Resource) entitlement.ID { return r.CatalogID }))),
			at("catalogs/{catalog}/resourceRoles", list(resourceRoles{s})),
			at("catalogs/{catalog}/customWorkflowExtensions", list(listOf[entitlement.Extension]{&t.extension, extensions, within("catalog/id", inCatalog)}), post(s.createExtension)),
			at("catalogs/{catalog}/customWorkflowExtensions/{customWorkflowExtension}", get(contained(&t.extension, extensions, "customWorkflowExtension", func(x *entitlement.Extension) entitlement.ID { return x.CatalogID })),
				put(s.replaceExtension), patch(s.replaceExtension), remove(s.deleteExtension)),

			at("accessPackages", list(listOf[entitlement.Package]{&t.pkg, packages, nil}), post(s.createPackage)),
			at("accessPackages/{accessPackage}", get(oneOf(&t.pkg, packages, "accessPackage")), patch(s.updatePackage), remove(s.deletePackage)),
			at("accessPackages/{accessPackage}/catalog", get(follow(&t.pkg, packages, "accessPackage", "catalog"))),
			at("accessPackages/{accessPackage}/resourceRoleScopes", list(listOf[entitlement.RoleScope]{&t.roleScope, roleScopes, within("accessPackage/id", inPackage)}), post(s.createRoleScope)),
			at("accessPackages/{accessPackage}/resourceRoleScopes/{resourceRoleScope}", get(s.getRoleScope), remove(s.deleteRoleScope)),

			at("assignmentPolicies", list(listOf[entitlement.Policy]{&t.policy, policies, nil}), post(s.createPolicy)),
			at("assignmentPolicies/{assignmentPolicy}", get(oneOf(&t.policy, policies, "assignmentPolicy")), put(s.replacePolicy), remove(s.deletePolicy),
				noPatch("Change a policy with PUT of the whole policy: what is left out is emptied.")),
			at("assignmentPolicies/{assignmentPolicy}/accessPackage", get(follow(&t.policy, policies, "assignmentPolicy", "accessPackage"))),
			at("assignmentPolicies/{assignmentPolicy}/catalog", get(follow(&t.policy, policies, "assignmentPolicy", "catalog"))),

			at("resourceRequests", list(listOf[entitlement.ResourceRequest]{&t.resourceRequest, resourceRequests, nil}), post(s.createResourceRequest)),
			at("resourceRequests/{resourceRequest}", get(oneOf(&t.resourceRequest, resourceRequests, "resourceRequest"))),
		),
		s.access(),
		s.separation(),
		s.outside(),
		s.directory(),
		under("/v1.0/auditLogs",
			at("directoryAudits", list(listOf[entitlement.Record]{&t.audit, audits, nil})),
			at("directoryAudits/{directoryAudit}", get(s.getAudit)),
		),
	)
}

// access lists what is served of requests, their approvals and assignments.
func (s *Server) access() []route {
	t := s.schema
	cancel, resume, reprocess := post(s.cancelRequest), post(s.resumeRequest), post(s.reprocessRequest)
	return slices.Concat(
		under("/v1.0/identityGovernance/entitlementManagement",
			at("assignmentRequests", list(listOf[entitlement.Request]{&t.request, requests, nil}), post(s.createRequest)),
			at("assignmentRequests/filterByCurrentUser(on)", list(managed[entitlement.Request]{&t.request, requests, requestsOn})),
			at("assignmentRequests/{assignmentRequest}", get(oneOf(&t.request, requests, "assignmentRequest")), remove(s.deleteRequest),
				noPatch("A request is not edited: cancel it, or answer its callout with POST …/resume, and make a new one.")),
			at("assignmentRequests/{assignmentRequest}/accessPackage", get(follow(&t.request, requests, "assignmentRequest", "accessPackage"))),
			at("assignmentRequests/{assignmentRequest}/assignment", get(follow(&t.request, requests, "assignmentRequest", "assignment"))),
			at("assignmentRequests/{assignmentRequest}/requestor", get(follow(&t.request, requests, "assignmentRequest", "requestor"))),
			at("assignmentRequests/{assignmentRequest}/history", get(s.requestHistory)), // ours
			at("assignmentRequests/{assignmentRequest}/cancel", cancel),
			at("assignmentRequests/{assignmentRequest}/resume", resume),
			at("assignmentRequests/{assignmentRequest}/reprocess", reprocess),
			at("accessPackageAssignmentRequests/{assignmentRequest}/cancel", cancel), // names of beta that official samples use
			at("accessPackageAssignmentRequests/{assignmentRequest}/resume", resume),
			at("accessPackageAssignmentRequests/{assignmentRequest}/reprocess", reprocess),

			at("accessPackageAssignmentApprovals", list(listOf[entitlement.Request]{&t.approval, approvals, ofApprovals})),
			at("accessPackageAssignmentApprovals/filterByCurrentUser(on)", list(listOf[entitlement.Request]{&t.approval, approvals, ofCaller(approvalsOn)})),
			at("accessPackageAssignmentApprovals/{approval}", get(s.getApproval)),
			at("accessPackageAssignmentApprovals/{approval}/stages", list(reviews{s})),
			at("accessPackageAssignmentApprovals/{approval}/stages/{approvalStage}", get(s.getApprovalStage), patch(s.decideStage)),

			at("assignments", list(listOf[entitlement.Assignment]{&t.assignment, assignments, nil})),
			at("assignments/filterByCurrentUser(on)", list(managed[entitlement.Assignment]{&t.assignment, assignments, assignmentsOn})),
			at("assignments/additionalAccess(accessPackageId,incompatibleAccessPackageId)", list(listOf[entitlement.Assignment]{&t.assignment, assignments, s.additionalAccess})),
			at("assignments/additionalAccess(accessPackageId)", list(listOf[entitlement.Assignment]{&t.assignment, assignments, s.additionalAccess})),
			at("assignments/additionalAccess()", list(listOf[entitlement.Assignment]{&t.assignment, assignments, s.additionalAccess})),
			at("assignments/{assignment}", get(oneOf(&t.assignment, assignments, "assignment")),
				noPatch("An assignment is changed by requests: POST assignmentRequests with requestType adminUpdate or userUpdate extends it, adminRemove or userRemove takes it away."),
				hint("DELETE", "POST assignmentRequests with requestType adminRemove or userRemove takes an assignment away.")),
			at("assignments/{assignment}/reprocess", post(s.reprocessAssignment)),
			at("accessPackageAssignments/{assignment}/reprocess", post(s.reprocessAssignment)), // as a documented example has it
			at("assignments/{assignment}/accessPackage", get(follow(&t.assignment, assignments, "assignment", "accessPackage"))),
			at("assignments/{assignment}/assignmentPolicy", get(follow(&t.assignment, assignments, "assignment", "assignmentPolicy"))),
			at("assignments/{assignment}/target", get(follow(&t.assignment, assignments, "assignment", "target"))),
		),
		under("/beta/identityGovernance/entitlementManagement", // where a CallbackUriPath may be put behind
			at("assignmentRequests/{assignmentRequest}/resume", resume),
			at("accessPackageAssignmentRequests/{assignmentRequest}/resume", resume),
		),
	)
}

// directory lists what is served of the directory: enough to hold the people, the groups
// and the memberships that entitlement management deals with.
func (s *Server) directory() []route {
	t := s.schema
	return under("/v1.0",
		at("users", list(listOf[entitlement.User]{&t.user, users, nil}), post(s.createUser)),
		at("users/{user}", get(s.getUser), patch(s.updateUser), remove(s.deleteUser)),
		at("users/{user}/manager", get(s.getManager)),
		at("users/{user}/manager/$ref", put(s.setManager), remove(s.removeManager)),
		at("users/{user}/sponsors", list(listOf[entitlement.User]{&t.member, users, sponsorsOfUser})),
		at("users/{user}/sponsors/$ref", post(s.addUserSponsor), remove(s.removeUserSponsor)),
		at("users/{user}/sponsors/{sponsor}/$ref", remove(s.removeUserSponsor)),
		at("users/{user}/directReports", list(listOf[entitlement.User]{&t.member, users, reportsTo})),
		at("servicePrincipals", list(listOf[entitlement.ServicePrincipal]{&t.principal, servicePrincipals, nil}), post(s.createPrincipal)),
		at("servicePrincipals/{servicePrincipal}", get(oneOf(&t.principal, servicePrincipals, "servicePrincipal")), patch(s.updatePrincipal), remove(s.deletePrincipal)),
		at("servicePrincipals/{servicePrincipal}/owners", list(listOf[entitlement.User]{&t.member, users, peopleOfPrincipal(engine.PrincipalOwners)})),
		at("servicePrincipals/{servicePrincipal}/owners/$ref", post(s.addPrincipalPerson(engine.PrincipalOwners)), remove(s.removePrincipalPerson(engine.PrincipalOwners))),
		at("servicePrincipals/{servicePrincipal}/owners/{person}/$ref", remove(s.removePrincipalPerson(engine.PrincipalOwners))),
		at("servicePrincipals/{servicePrincipal}/sponsors", list(listOf[entitlement.User]{&t.member, users, peopleOfPrincipal(engine.PrincipalSponsors)})),
		at("servicePrincipals/{servicePrincipal}/sponsors/$ref", post(s.addPrincipalPerson(engine.PrincipalSponsors)), remove(s.removePrincipalPerson(engine.PrincipalSponsors))),
		at("servicePrincipals/{servicePrincipal}/sponsors/{person}/$ref", remove(s.removePrincipalPerson(engine.PrincipalSponsors))),
		at("groups", list(listOf[entitlement.Group]{&t.group, groups, nil}), post(s.createGroup)),
		at("groups/{group}", get(oneOf(&t.group, groups, "group")), patch(s.updateGroup), remove(s.deleteGroup)),
		at("groups/{group}/members", list(groupMembers{s})),
		at("groups/{group}/members/$ref", post(s.addMember), remove(s.removeMember)),
		at("groups/{group}/members/{member}/$ref", remove(s.removeMember)),
		at("directoryObjects/{directoryObject}", get(s.getDirectoryObject)),
	)
}

// separation lists what is served of incompatible packages and groups.
func (s *Server) separation() []route {
	t := s.schema
	return under("/v1.0/identityGovernance/entitlementManagement",
		at("accessPackages/{accessPackage}/incompatibleAccessPackages", list(t.incompatiblePackages())),
		at("accessPackages/{accessPackage}/incompatibleAccessPackages/$ref", post(exclude(toPackage, s.engine.AddIncompatiblePackage)), remove(include(toPackage, "incompatibleAccessPackage", s.engine.RemoveIncompatiblePackage))),
		at("accessPackages/{accessPackage}/incompatibleAccessPackages/{incompatibleAccessPackage}/$ref", remove(include(toPackage, "incompatibleAccessPackage", s.engine.RemoveIncompatiblePackage))),
		at("accessPackages/{accessPackage}/incompatibleGroups", list(t.incompatibleGroups())),
		at("accessPackages/{accessPackage}/incompatibleGroups/$ref", post(exclude(toGroup, s.engine.AddIncompatibleGroup)), remove(include(toGroup, "incompatibleGroup", s.engine.RemoveIncompatibleGroup))),
		at("accessPackages/{accessPackage}/incompatibleGroups/{incompatibleGroup}/$ref", remove(include(toGroup, "incompatibleGroup", s.engine.RemoveIncompatibleGroup))),
		at("accessPackages/{accessPackage}/accessPackagesIncompatibleWith", list(t.packagesIncompatibleWith())),
	)
}

// outside lists what is served of organisations outside, and what a tenant sets for all of
// its packages.
func (s *Server) outside() []route {
	t := s.schema
	internal, external := entitlement.InternalSponsors, entitlement.ExternalSponsors
	return under("/v1.0/identityGovernance/entitlementManagement",
		at("connectedOrganizations", list(listOf[entitlement.ConnectedOrganization]{&t.organization, organizations, nil}), post(s.createOrganization)),
		at("connectedOrganizations/{connectedOrganization}", get(oneOf(&t.organization, organizations, "connectedOrganization")), patch(s.updateOrganization), remove(s.deleteOrganization)),
		at("connectedOrganizations/{connectedOrganization}/internalSponsors", list(listOf[entitlement.User]{&t.sponsor, users, sponsorScope(internal)})),
		at("connectedOrganizations/{connectedOrganization}/internalSponsors/$ref", post(s.addSponsor(internal)), remove(s.removeSponsor(internal))),
		at("connectedOrganizations/{connectedOrganization}/internalSponsors/{sponsor}/$ref", remove(s.removeSponsor(internal))),
		at("connectedOrganizations/{connectedOrganization}/externalSponsors", list(listOf[entitlement.User]{&t.sponsor, users, sponsorScope(external)})),
		at("connectedOrganizations/{connectedOrganization}/externalSponsors/$ref", post(s.addSponsor(external)), remove(s.removeSponsor(external))),
		at("connectedOrganizations/{connectedOrganization}/externalSponsors/{sponsor}/$ref", remove(s.removeSponsor(external))),

		at("settings", get(s.getSettings(&t.settings)), patch(s.updateSettings)),
		at("controlConfigurations/endUserSettings", get(s.getSettings(&t.endUserSettings)), put(s.replaceEndUserSettings),
			noPatch("Change the settings with PUT of both properties.")),
	)
}

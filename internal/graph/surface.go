package graph

import (
	"slices"

	"anteroom/internal/entitlement"
)

// surface lists everything that is served. surface.golden is printed from it and from
// the tables of the entities: read its difference first when something changes here.
func (s *Server) surface() []route {
	t := s.schema
	cancel, resume, reprocess := post(s.cancelRequest), post(s.resumeRequest), post(s.reprocessRequest)
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
		s.directory(),
		under("/v1.0/auditLogs",
			at("directoryAudits", list(listOf[entitlement.Record]{&t.audit, audits, nil})),
			at("directoryAudits/{directoryAudit}", get(s.getAudit)),
		),
	)
}

// directory lists what is served of the directory: enough to hold the people, the groups
// and the memberships that entitlement management deals with.
func (s *Server) directory() []route {
	t := s.schema
	return under("/v1.0",
		at("users", list(listOf[entitlement.User]{&t.user, users, nil}), post(s.createUser)),
		at("users/{user}", get(s.getUser)),
		at("groups", list(listOf[entitlement.Group]{&t.group, groups, nil}), post(s.createGroup)),
		at("groups/{group}", get(oneOf(&t.group, groups, "group"))),
		at("groups/{group}/members", list(groupMembers{s})),
		at("groups/{group}/members/$ref", post(s.addMember)),
		at("groups/{group}/members/{member}/$ref", remove(s.removeMember)),
		at("directoryObjects/{directoryObject}", get(s.getDirectoryObject)),
	)
}

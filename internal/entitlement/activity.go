package entitlement

import "strings"

// Activity is the activityDisplayName of a directory audit: the words of the original
// service where it has any.
//
// contract: lifecycle g
type Activity string

// Activities of requests.
const (
	ActivityUserRequests       Activity = "User requests access package assignment"
	ActivityRequestsForService Activity = "User requests an access package assignment on behalf of service principal"
	ActivityUserExtends        Activity = "User requests to extend access package assignment"
	ActivityUserRemoves        Activity = "User requests to remove access package assignment"
	ActivityUpdateRequest      Activity = "Create access package assignment user update request"
	ActivityAdminAssigns       Activity = "Administrator directly assigns user to access package"
	ActivityAdminRemoves       Activity = "Administrator directly removes user access package assignment"
	ActivitySystemCreates      Activity = "Entitlement Management creates access package assignment request for user"
	ActivitySystemRemoves      Activity = "Entitlement Management removes access package assignment request for user"
	ActivityAutoApprove        Activity = "Auto approve access package assignment request"
	ActivityCreateApproval     Activity = "Create request approval"          // category UserManagement
	ActivityAddApprover        Activity = "Add approver to request approval" // category UserManagement
	ActivityStageCompleted     Activity = "Approval stage completed for access package assignment request"
	ActivityApprove            Activity = "Approve access package assignment request"
	ActivityDeny               Activity = "Deny access package assignment request"
	ActivityTimedOut           Activity = "Access package assignment request timed out (no approver action taken)"
	ActivityReady              Activity = "Ready to fulfill access package assignment request"
	ActivitySchedule           Activity = "Schedule a future access package assignment"
	ActivityFulfill            Activity = "Fulfill access package assignment request"
	ActivityFulfillRole        Activity = "Fulfill access package resource assignment"
	ActivityPartlyFulfill      Activity = "Partially fulfill access package assignment request"
	ActivityFailed             Activity = "Failed access package assignment request"
	ActivityExtend             Activity = "Extend access package assignment"
	ActivityRemove             Activity = "Remove access package assignment"
	ActivityRemoveRole         Activity = "Remove access package resource assignment"
	ActivityCancel             Activity = "Cancel access package assignment request"
	ActivityUpdate             Activity = "Update access package assignment request"
	ActivityDelete             Activity = "Delete access package assignment request"
	ActivityExecuteExtension   Activity = "Execute custom extension"
)

// RequestActivities lists the activities that what happens to requests can produce.
var RequestActivities = []Activity{
	ActivityUserRequests, ActivityRequestsForService, ActivityUserExtends, ActivityUserRemoves, ActivityUpdateRequest,
	ActivityAdminAssigns, ActivityAdminRemoves, ActivitySystemCreates, ActivitySystemRemoves, ActivityAutoApprove,
	ActivityCreateApproval, ActivityAddApprover, ActivityStageCompleted, ActivityApprove, ActivityDeny, ActivityTimedOut,
	ActivityReady, ActivitySchedule, ActivityFulfill, ActivityFulfillRole, ActivityPartlyFulfill, ActivityFailed, ActivityExtend,
	ActivityRemove, ActivityRemoveRole, ActivityCancel, ActivityUpdate, ActivityDelete, ActivityExecuteExtension,
}

// Activities of configuration.
const (
	ActivityCreateCatalog         Activity = "Create access package catalog"
	ActivityUpdateCatalog         Activity = "Update access package catalog"
	ActivityDeleteCatalog         Activity = "Delete access package catalog"
	ActivityCreatePackage         Activity = "Create access package"
	ActivityUpdatePackage         Activity = "Update access package" // also where its resource roles change
	ActivityDeletePackage         Activity = "Delete access package"
	ActivityCreatePolicy          Activity = "Create access package assignment policy"
	ActivityUpdatePolicy          Activity = "Update access package assignment policy"
	ActivityDeletePolicy          Activity = "Delete access package assignment policy"
	ActivityCreateExtension       Activity = "Create custom extension"
	ActivityUpdateExtension       Activity = "Update custom extension"
	ActivityDeleteExtension       Activity = "Delete custom extension"
	ActivityAddResource           Activity = "Create resource request"
	ActivityRemoveResource        Activity = "Create resource remove request"
	ActivityUpdateResource        Activity = "Update access package catalog resource"
	ActivityCreateOrganization    Activity = "Create connected organization"
	ActivityUpdateOrganization    Activity = "Update connected organization" // also where its sponsors change
	ActivityDeleteOrganization    Activity = "Delete connected organization"
	ActivityIncompatiblePackage   Activity = "Create incompatible access package"
	ActivityNoIncompatiblePackage Activity = "Delete incompatible access package"
	ActivityIncompatibleGroup     Activity = "Create incompatible group"
	ActivityNoIncompatibleGroup   Activity = "Delete incompatible group"
	ActivityUpdateSettings        Activity = "Update tenant setting"
)

// Activities of the directory.
const (
	ActivityAddUser         Activity = "Add user"
	ActivityUpdateUser      Activity = "Update user"
	ActivityDeleteUser      Activity = "Delete user"
	ActivityAddGroup        Activity = "Add group"
	ActivityUpdateGroup     Activity = "Update group"
	ActivityDeleteGroup     Activity = "Delete group"
	ActivityAddMember       Activity = "Add member to group"
	ActivityRemoveMember    Activity = "Remove member from group"
	ActivityAddPrincipal    Activity = "Add service principal"
	ActivityUpdatePrincipal Activity = "Update service principal"
	ActivityDeletePrincipal Activity = "Remove service principal"
)

// AuditService is the loggedByService of every directory audit.
//
// contract: lifecycle g
const AuditService = "Entitlement Management"

// Categories of directory audits. All activities that are not in OtherCategories belong to
// the first.
const (
	CategoryEntitlement = "EntitlementManagement"
	CategoryUser        = "UserManagement"
	CategoryGroup       = "GroupManagement"
	CategoryApplication = "ApplicationManagement"
)

// OtherCategories lists the activities of each category but CategoryEntitlement.
var OtherCategories = map[string][]Activity{
	CategoryUser:        {ActivityCreateApproval, ActivityAddApprover, ActivityAddUser, ActivityUpdateUser, ActivityDeleteUser},
	CategoryGroup:       {ActivityAddGroup, ActivityUpdateGroup, ActivityDeleteGroup, ActivityAddMember, ActivityRemoveMember},
	CategoryApplication: {ActivityAddPrincipal, ActivityUpdatePrincipal, ActivityDeletePrincipal},
}

// Category is the category of the activity.
func (a Activity) Category() string {
	for category, list := range OtherCategories {
		for _, in := range list {
			if a == in {
				return category
			}
		}
	}
	return CategoryEntitlement
}

// AuditResults lists the results.
var AuditResults = []AuditResult{AuditSuccess, AuditFailure, AuditTimeout}

// Words of operationType.
const (
	OperationAdd    = "Add"
	OperationUpdate = "Update"
	OperationDelete = "Delete"
	// Policies have words of their own: entitlement grant policies.
	OperationCreatePolicy = "CreateEntitlementGrantPolicy"
	OperationUpdatePolicy = "UpdateEntitlementGrantPolicy"
	OperationDeletePolicy = "DeleteEntitlementGrantPolicy"
)

// Operation is the operationType of the activity. Asking for something adds a request; what
// happens to a request afterwards updates it.
func (a Activity) Operation() string {
	switch a {
	case ActivityCreatePolicy:
		return OperationCreatePolicy
	case ActivityUpdatePolicy:
		return OperationUpdatePolicy
	case ActivityDeletePolicy:
		return OperationDeletePolicy
	}
	switch verb, _, _ := strings.Cut(string(a), " "); verb {
	case "Add", "Create", "User", "Administrator", "Entitlement":
		return OperationAdd
	case "Delete", "Remove":
		return OperationDelete
	}
	return OperationUpdate
}

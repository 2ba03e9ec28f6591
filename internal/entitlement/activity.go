package entitlement

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

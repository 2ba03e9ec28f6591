// Package memberrule reads and decides dynamic membership rules: the small language of
// Microsoft Entra in which an automatic assignment policy says whom it is for
// (attributeRuleMembers.membershipRule), here for the attributes of users.
//
//	user.department -eq "Sales" -and -not (user.jobTitle -startsWith "SDE")
//	user.assignedPlans -any (assignedPlan.service -eq "SCO" -and assignedPlan.capabilityStatus -eq "Enabled")
//
// The language is that of "Manage rules for dynamic membership groups in Microsoft
// Entra ID". An operator is written in any case and with or without its hyphen; it binds
// in the order comparison, -not, -and, -or, and -any and -all take a condition in
// parentheses. A text stands in " or in '; within it a backtick before a " makes it part
// of the text, two backticks are one, and two single quotes are one. Text is compared
// without regard to case, by the simple folding of Unicode. The pattern of -match is a
// regular expression of Go, whose \d, \w, \s and \b know only ASCII.
//
// # What is not set
//
// A property that is not set is equal to null and to nothing else: -eq null holds for
// it, and so do -ne, -notIn and the other negated operators with any text. A collection
// that is not set is an empty one: it is equal to null, no -any holds for it and every
// -all does. Of a collection of texts -startsWith, -endsWith and -contains can be asked
// without -any: they hold when they do for an item, and their negations when they hold
// for none.
//
// # Fails closed
//
// A rule that could be read in two ways is refused by Parse. While a rule is decided,
// a value of the wrong type, or a text that is not UTF-8, makes its condition neither
// true nor false; -not does not make it true, and a rule that comes out so does not match.
//
// The package does no I/O and reads no clock.
package memberrule

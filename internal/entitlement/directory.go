package entitlement

import "unicode/utf8"

// User is a user of the directory.
type User struct {
	Object
	DisplayName       string   `json:"-"`
	UserPrincipalName string   `json:"-"`
	Mail              *string  `json:"mail,omitzero"`
	MailNickname      *string  `json:"mailNickname,omitzero"`
	Type              UserType `json:"userType"`
	AccountEnabled    bool     `json:"accountEnabled"`
}

// UserType tells members of the organisation from guests.
type UserType string

// User types, as Graph spells them.
const (
	UserMember UserType = "Member"
	UserGuest  UserType = "Guest"
)

// UserTypes lists the user types.
var UserTypes = []UserType{UserMember, UserGuest}

// Validate checks what can be said of a user alone.
func (u *User) Validate() error {
	if err := checkName(u.DisplayName); err != nil {
		return err
	}
	switch {
	case u.UserPrincipalName == "":
		return Invalid("userPrincipalName", "userPrincipalName is required.")
	case utf8.RuneCountInString(u.UserPrincipalName) > MaxName || hasControl(u.UserPrincipalName):
		return Invalid("userPrincipalName", "userPrincipalName has at most %d characters and no control characters.", MaxName)
	case u.Type != UserMember && u.Type != UserGuest:
		return Invalid("userType", "userType '%s' is not known; it can be %s.", u.Type, EnumWords(UserTypes))
	}
	if err := checkText("mail", u.Mail); err != nil {
		return err
	}
	return checkText("mailNickname", u.MailNickname)
}

// Group is a group of the directory.
type Group struct {
	Object
	DisplayName     string   `json:"-"`
	Description     *string  `json:"description,omitzero"`
	Mail            *string  `json:"mail,omitzero"`
	MailNickname    *string  `json:"mailNickname,omitzero"`
	MailEnabled     bool     `json:"mailEnabled,omitzero"`
	SecurityEnabled bool     `json:"securityEnabled,omitzero"`
	GroupTypes      []string `json:"groupTypes,omitzero"`
}

// Validate checks what can be said of a group alone.
func (g *Group) Validate() error {
	if err := checkName(g.DisplayName); err != nil {
		return err
	}
	for _, t := range g.GroupTypes {
		if err := checkText("groupTypes", &t); err != nil {
			return err
		}
	}
	if err := checkText("mail", g.Mail); err != nil {
		return err
	}
	if err := checkText("mailNickname", g.MailNickname); err != nil {
		return err
	}
	return checkText("description", g.Description)
}

// Membership says that a user is a member of a group. Its id is made from the two.
type Membership struct {
	Object
	GroupID  ID `json:"-"`
	MemberID ID `json:"-"`
	// Granted is set when delivery made the membership; only then does delivery
	// take it away.
	Granted bool `json:"granted,omitzero"`
}

// MembershipID is the id of the membership of a user in a group.
func MembershipID(group, user ID) ID { return group + "_" + user }

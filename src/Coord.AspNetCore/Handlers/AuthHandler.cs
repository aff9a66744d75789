using Coord.Protocol.Etcd;

namespace Coord.AspNetCore.Handlers;

/// <summary>Answers the Auth service as a store with authentication disabled, without users and roles.</summary>
internal sealed class AuthHandler(EtcdMember member)
{
    private const string NoUsers = "coord: users and roles are not supported by this version";

    /// <exception cref="EtcdException">Always: without a root user nobody could administer the store.</exception>
    public static AuthEnableResponse Enable() => throw EtcdError.RootUserNotFound.ToException();

    public AuthDisableResponse Disable() => new() { Header = member.Header() };

    public AuthStatusResponse Status() => new() { Header = member.Header(), Enabled = false, AuthRevision = 1 };

    /// <exception cref="EtcdException">Always: there are no tokens.</exception>
    public static AuthenticateResponse Authenticate() => throw EtcdError.AuthNotEnabled.ToException();

    /// <exception cref="EtcdException">Always.</exception>
    public static AuthUserAddResponse UserAdd(AuthUserAddRequest request) =>
        throw (request.Name.Length == 0 ? EtcdError.UserEmpty : EtcdError.Unimplemented(NoUsers)).ToException();

    public AuthUserListResponse UserList() => new() { Header = member.Header() };

    /// <exception cref="EtcdException">Always.</exception>
    public static AuthRoleAddResponse RoleAdd(AuthRoleAddRequest request) =>
        throw (request.Name.Length == 0 ? EtcdError.RoleEmpty : EtcdError.Unimplemented(NoUsers)).ToException();

    public AuthRoleListResponse RoleList() => new() { Header = member.Header() };

    /// <summary>Whatever names a user names one that does not exist.</summary>
    /// <exception cref="EtcdException">Always.</exception>
    public static T OfUser<T>() => throw EtcdError.UserNotFound.ToException();

    /// <summary>Whatever names a role names one that does not exist.</summary>
    /// <exception cref="EtcdException">Always.</exception>
    public static T OfRole<T>() => throw EtcdError.RoleNotFound.ToException();
}

using Coord.AspNetCore.Handlers;
using Coord.Protocol.Etcd;
using Grpc.Core;

namespace Coord.AspNetCore.Services;

/// <summary>The Auth service over gRPC.</summary>
internal sealed class AuthService(AuthHandler handler) : Auth.AuthBase
{
    public override Task<AuthEnableResponse> AuthEnable(AuthEnableRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.Enable());

    public override Task<AuthDisableResponse> AuthDisable(AuthDisableRequest request, ServerCallContext context) =>
        Task.FromResult(handler.Disable());

    public override Task<AuthStatusResponse> AuthStatus(AuthStatusRequest request, ServerCallContext context) =>
        Task.FromResult(handler.Status());

    public override Task<AuthenticateResponse> Authenticate(AuthenticateRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.Authenticate());

    public override Task<AuthUserAddResponse> UserAdd(AuthUserAddRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.UserAdd(request));

    public override Task<AuthUserGetResponse> UserGet(AuthUserGetRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfUser<AuthUserGetResponse>());

    public override Task<AuthUserListResponse> UserList(AuthUserListRequest request, ServerCallContext context) =>
        Task.FromResult(handler.UserList());

    public override Task<AuthUserDeleteResponse> UserDelete(AuthUserDeleteRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfUser<AuthUserDeleteResponse>());

    public override Task<AuthUserChangePasswordResponse> UserChangePassword(
        AuthUserChangePasswordRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfUser<AuthUserChangePasswordResponse>());

    public override Task<AuthUserGrantRoleResponse> UserGrantRole(
        AuthUserGrantRoleRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfUser<AuthUserGrantRoleResponse>());

    public override Task<AuthUserRevokeRoleResponse> UserRevokeRole(
        AuthUserRevokeRoleRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfUser<AuthUserRevokeRoleResponse>());

    public override Task<AuthRoleAddResponse> RoleAdd(AuthRoleAddRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.RoleAdd(request));

    public override Task<AuthRoleGetResponse> RoleGet(AuthRoleGetRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfRole<AuthRoleGetResponse>());

    public override Task<AuthRoleListResponse> RoleList(AuthRoleListRequest request, ServerCallContext context) =>
        Task.FromResult(handler.RoleList());

    public override Task<AuthRoleDeleteResponse> RoleDelete(AuthRoleDeleteRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfRole<AuthRoleDeleteResponse>());

    public override Task<AuthRoleGrantPermissionResponse> RoleGrantPermission(
        AuthRoleGrantPermissionRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfRole<AuthRoleGrantPermissionResponse>());

    public override Task<AuthRoleRevokePermissionResponse> RoleRevokePermission(
        AuthRoleRevokePermissionRequest request, ServerCallContext context) =>
        Task.FromResult(AuthHandler.OfRole<AuthRoleRevokePermissionResponse>());
}

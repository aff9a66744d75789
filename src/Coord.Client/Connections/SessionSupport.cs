namespace Coord.Client.Connections;

/// <summary>Whether the server at an endpoint knows sessions, as far as this client has asked.</summary>
internal enum SessionSupport
{
    /// <summary>Not asked, or not since a call to it failed: there may be another server now.</summary>
    Unknown,

    /// <summary>It does: it is Coord.</summary>
    Served,

    /// <summary>It does not: it is etcd.</summary>
    NotServed,
}

using System.Reflection;
using Coord.Raft.Driver;

namespace Coord.Raft.Tests.Driver;

/// <summary>What stands between the transport and the node hands on everything.</summary>
public sealed class ReceiverSlotTests
{
    /// <summary>
    /// A call that it leaves to the interface's own body reaches nobody: messages would wait for a thread to wake.
    /// </summary>
    [Fact]
    public void No_call_ends_at_the_slot()
    {
        InterfaceMapping map = typeof(ReceiverSlot).GetInterfaceMap(typeof(IRaftMessageReceiver));

        Assert.All(map.TargetMethods, method => Assert.Equal(typeof(ReceiverSlot), method.DeclaringType));
    }
}

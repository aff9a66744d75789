using FsCheck;
using FsCheck.Xunit;

namespace Coord.Raft.Tests.Messages;

/// <summary>Rubbish and damaged messages: reading them never throws, and what is read is valid again.</summary>
public sealed class MessageFuzzTests
{
    [Property(MaxTest = 400)]
    public void A_damaged_message_is_refused_or_valid(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        byte[] bytes = MessageGenerator.Encode(new MessageGenerator(seed.Item).Next());
        for (int i = 0; i < 50; i++)
        {
            byte[] damaged = Damage(random, bytes);
            EntryBlockPool pool = new();
            using EntryArena arena = new(pool);
            if (!MessageCodec.TryRead(new(damaged), arena, out Message read))
                continue;

            // Whatever passes is canonical but for a snapshot's metadata: a peer cannot smuggle anything past us.
            if (read.Snapshot is null)
                Assert.Equal(damaged, MessageGenerator.Encode(read));
            MessageCodec.Discard(read);
        }
    }

    [Property(MaxTest = 400)]
    public void Rubbish_is_refused(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        byte[] bytes = new byte[random.Next(0, 4096)];
        random.NextBytes(bytes);
        MessageCodecTests.Reads(bytes);
        if (bytes.Length > 2)
        {
            bytes[0] = MessageCodec.Version;
            bytes[1] = (byte)MessageKind.Append;
            bytes[2] = 0;
            MessageCodecTests.Reads(bytes);
        }
    }

    [Property(MaxTest = 200)]
    public void A_damaged_message_leaves_no_reference(DoNotSize<int> seed)
    {
        Random random = new(seed.Item);
        byte[] bytes = MessageGenerator.Encode(MessageCodecTests.Append(random.Next(1, 50), random.Next(0, 200)));
        for (int i = 0; i < 20; i++)
            MessageCodecTests.Reads(Damage(random, bytes));
    }

    private static byte[] Damage(Random random, byte[] bytes)
    {
        byte[] damaged = [.. bytes];
        switch (random.Next(4))
        {
            case 0:
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                for (int i = random.Next(1, 8); i > 0; i--)
                    damaged[random.Next(Math.Min(damaged.Length, 160))] = (byte)random.Next(256);
                break;
            case 2:
                Array.Resize(ref damaged, random.Next(0, damaged.Length + 40));
                break;
            default:
                int at = random.Next(damaged.Length);
                byte value = random.Next(2) == 0 ? (byte)0xff : (byte)0x7f;
                damaged.AsSpan(at, Math.Min(8, damaged.Length - at)).Fill(value);
                break;
        }

        return damaged;
    }
}

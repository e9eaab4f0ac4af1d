'''Python that runs on the board while it is being written; MicroPython 1.20 and newer.

Each call answers with lines ``=iotd <json> <crc32>``; whatever else is on the line is noise.
Every call may be made twice: where its answer was damaged it is.
'''

from __future__ import annotations

#: Defined once after each soft reset.
TOOLS = '''
import os,sys,gc,json,hashlib,binascii
def _t(x):
 s=json.dumps(x)
 print("=iotd",s,"%08x"%(binascii.crc32(s.encode())&0xffffffff))
def _end(lines=0):
 _t({"end":lines})
def _sha(p):
 h=hashlib.sha256()
 b=bytearray(1024)
 with open(p,"rb") as f:
  while 1:
   n=f.readinto(b)
   if not n:
    break
   h.update(memoryview(b)[:n])
 return str(binascii.b2a_base64(h.digest()),"ascii").strip()
def _read(p,n=64):
 try:
  with open(p) as f:
   return f.read(n)
 except (OSError,ValueError):
  return ""
def _room():
 s=os.statvfs("/")
 return s[0]*s[3],s[0]
def _has(m):
 try:
  __import__(m)
 except Exception:
  return False
 return True
def _what():
 u=b""
 try:
  import machine
  u=machine.unique_id()
 except Exception:
  pass
 m=getattr(sys.implementation,"_machine","")
 try:
  m=os.uname().machine or m
 except AttributeError:
  pass
 _t({"machine":m,"release":".".join(str(i) for i in sys.implementation.version[:3]),
  "mpy":getattr(sys.implementation,"_mpy",0)&255,"unique":str(binascii.hexlify(u),"ascii"),
  "free":_room()[0],"block":_room()[1],"slot":_read("/slot").strip(),"camera":_has("camera")})
def _walk(d,sums,n):
 try:
  l=list(os.ilistdir(d or "/"))
 except OSError:
  return n
 for e in l:
  p=d+"/"+e[0]
  if e[1]&0x4000:
   if p in ("/a","/b"):
    n=_walk(p,True,n)
   elif d or p in ("/common","/sensors"):
    n=_walk(p,sums,n)
  else:
   z=e[3] if len(e)>3 else os.stat(p)[6]
   s=sums or p in ("/main.py","/settings.json","/ca.der","/slot")
   _t({"file":p,"size":z,"sha":_sha(p) if s else ""})
   n+=1
 return n
def _look():
 gc.collect()
 _what()
 n=_walk("",False,1)
 for p in ("/settings.json","/a/version.json","/b/version.json"):
  t=_read(p,4096)
  for i in range(0,len(t),256):
   _t({"text":p,"at":i,"part":t[i:i+256]})
   n+=1
 _end(n)
_f=None
_p=None
def _open(p):
 global _f,_p
 _shut()
 d=""
 for q in p.split("/")[1:-1]:
  d+="/"+q
  try:
   os.mkdir(d)
  except OSError:
   pass
 _f=open(p,"wb")
 _p=p
 _end()
def _shut():
 global _f
 if _f:
  _f.close()
 _f=None
def _put(at,b):
 if not _f:
  raise RuntimeError("iotd lost")
 b=binascii.a2b_base64(b)
 _f.seek(at)
 _f.write(b)
 _fed()
 _end()
def _done():
 if not _p:
  raise RuntimeError("iotd lost")
 _shut()
 gc.collect()
 _t({"sha":_sha(_p)})
 _end(1)
def _gone(l):
 for p in l:
  try:
   os.remove(p)
  except OSError:
   pass
 for p in l:
  while p.count("/")>1:
   p=p[:p.rindex("/")]
   try:
    os.rmdir(p)
   except OSError:
    break
 _end()
def _swap(l):
 for p in l:
  try:
   os.stat(p+".new")
  except OSError:
   continue
  os.rename(p+".new",p)
 if hasattr(os,"sync"):
  os.sync()
 _end()
_w=None
def _watched():
 global _w
 try:
  from machine import WDT
  _w=WDT(timeout=120000)
 except Exception:
  pass
 _end()
def _fed():
 if _w:
  _w.feed()
'''
